type Order = { readonly count: number }

export const handler = async ({ count }: Order): Promise<number> => count + 1
