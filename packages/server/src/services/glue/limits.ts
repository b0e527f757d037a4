/* Bounds of what is kept. AWS's are higher; the catalog is in memory. */

export const databasesMax = 1000
export const tablesMax = 10_000
/** Of one table, beside the newest. */
export const versionsMax = 1000
/** Of a table's description as JSON. */
export const tableBytesMax = 1024 * 1024
