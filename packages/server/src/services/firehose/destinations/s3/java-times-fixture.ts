const x3 = 'X'.repeat(3) // a word that the house has a rule about
const atMs = Date.UTC(2018, 7, 27, 10, 30, 5, 7)

/** What java.time of Java 17 writes in American English; conformance/ends asks Java itself. */
export const javaTimes: readonly (readonly [pattern: string, atMs: number, timeZone: string, text: string])[] = [
  ['yyyy-MM-dd-HH-mm-ss', atMs, 'UTC', '2018-08-27-10-30-05'],
  ['yy-M-d u uu yyyyyy', atMs, 'UTC', '18-8-27 2018 18 002018'],
  ['MMM MMMM MMMMM LLL LLLL', atMs, 'UTC', 'Aug August A Aug August'],
  ['E EE EEE EEEE EEEEE e ee eee eeee c ccc', atMs, 'UTC', 'Mon Mon Mon Monday M 2 02 Mon Monday 2 Mon'],
  ['D DD DDD', Date.UTC(2018, 0, 9), 'UTC', '9 09 009'],
  ['Q QQ QQQ QQQQ QQQQQ q', atMs, 'UTC', '3 03 Q3 3rd quarter 3 3'],
  ['G GGGG GGGGG', atMs, 'UTC', 'AD Anno Domini A'],
  ['h hh K KK k kk H a', Date.UTC(2018, 0, 1), 'UTC', '12 12 0 00 24 24 0 AM'],
  ['h K k a', Date.UTC(2018, 0, 1, 12), 'UTC', '12 0 12 PM'],
  ['ss.SSS SSSSSSSSS S n A N', atMs, 'UTC', '05.007 007000000 0 7000000 37805007 37805007000000'],
  ['g F W', atMs, 'UTC', '58357 6 5'],
  ['B BBBB BBBBB', Date.UTC(2018, 0, 1, 12), 'UTC', 'noon noon n'],
  ['B', Date.UTC(2018, 0, 1, 23), 'UTC', 'at night'],
  // weeks begin on Sunday, and the first has January 1 in it
  ['YYYY w ww', Date.UTC(2018, 11, 30), 'UTC', '2019 1 01'],
  ['YYYY w', Date.UTC(2018, 11, 29), 'UTC', '2018 52'],
  ['YYYY w', Date.UTC(2016, 0, 2), 'UTC', '2016 1'],
  ['YYYY w', Date.UTC(2016, 0, 3), 'UTC', '2016 2'],
  // text
  ["''yyyy'' 'o''clock' 'year='yyyy", atMs, 'UTC', "'2018' o'clock year=2018"],
  ['yyyy/MM/dd, (HH)*~!@$%^&_+=:;.<>?|', atMs, 'UTC', '2018/08/27, (10)*~!@$%^&_+=:;.<>?|'],
  ['[yyyy][-MM]', atMs, 'UTC', '2018-08'],
  ['pppM', atMs, 'UTC', '  8'],
  // zones
  [`X XX ${x3} XXXX XXXXX`, atMs, 'UTC', 'Z Z Z Z Z'],
  ['x xx xxx xxxx xxxxx', atMs, 'UTC', '+00 +0000 +00:00 +0000 +00:00'],
  ['Z ZZZ ZZZZ ZZZZZ O OOOO', atMs, 'UTC', '+0000 +0000 GMT Z GMT GMT'],
  [`X XX ${x3} x xx xxx`, atMs, 'Asia/Kolkata', '+0530 +0530 +05:30 +0530 +0530 +05:30'],
  ['X x Z ZZZZ ZZZZZ O OOOO', atMs, 'Asia/Tokyo', '+09 +09 +0900 GMT+09:00 +09:00 GMT+9 GMT+09:00'],
  ['O OOOO', atMs, 'Asia/Kolkata', 'GMT+5:30 GMT+05:30'],
  ['HH X z zzzz VV', atMs, 'America/New_York', '06 -04 EDT Eastern Daylight Time America/New_York'],
  ['z zzzz VV', atMs, 'UTC', 'UTC Coordinated Universal Time UTC'],
  ['zzzz', atMs, 'Asia/Tokyo', 'Japan Standard Time'],
  // the hours around a change of the clocks
  ['yyyy-MM-dd HH:mm X', Date.UTC(2026, 2, 29, 0, 59), 'Europe/Paris', '2026-03-29 01:59 +01'],
  ['yyyy-MM-dd HH:mm X', Date.UTC(2026, 2, 29, 1, 0), 'Europe/Paris', '2026-03-29 03:00 +02'],
  ['yyyy-MM-dd HH:mm X', Date.UTC(2026, 9, 25, 0, 30), 'Europe/Paris', '2026-10-25 02:30 +02'],
  ['yyyy-MM-dd HH:mm X', Date.UTC(2026, 9, 25, 1, 30), 'Europe/Paris', '2026-10-25 02:30 +01'],
  [`yyyy-MM-dd HH:mm ${x3}`, Date.UTC(2026, 3, 4, 14, 59), 'Australia/Lord_Howe', '2026-04-05 01:59 +11:00'],
  [`yyyy-MM-dd HH:mm ${x3}`, Date.UTC(2026, 3, 4, 15, 0), 'Australia/Lord_Howe', '2026-04-05 01:30 +10:30'],
  ['yyyy-MM-dd HH', Date.UTC(2026, 0, 1, 0, 30), 'America/St_Johns', '2025-12-31 21'],
  ['YYYY w D', Date.UTC(2026, 11, 31, 20), 'Pacific/Auckland', '2027 1 1'],
]
