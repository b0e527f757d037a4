/*
 * Names made to walk out of the folder that they might be put into, or to reach what every object of JavaScript has. Each walk
 * leads to a folder `outside` beside the one that the server has; what is built is every dot with every slash.
 */

/** Two dots, as somebody might read them: after decoding once or twice, normalizing, or evaluating a prefix of Firehose. */
const dots = [
  '..',
  '%2e%2e',
  '%252e%252e',
  '%c0%ae%c0%ae', // overlong UTF-8
  '\u00c0\u00ae\u00c0\u00ae', // its bytes, taken for letters
  '\u2024\u2024', // one dot leaders: NFKC makes dots of them
  '\u2025', // a two dot leader: NFKC makes two of it
  '\uff0e\uff0e', // full width
  '.\u200b.', // a space without width
  "!{timestamp:'..'}",
  '!{timestamp:..}',
]

/** Slashes, likewise. */
const slashes = [
  '/',
  '\\',
  '%2f',
  '%5C',
  '%252f',
  '%c0%af',
  '\u2215', // division
  '\u2044', // fraction
  '\uff0f', // full width
  '\uff3c', // full width, backwards
  ';/',
]

const walks = dots.flatMap((dot) => slashes.map((slash) => `${dot}${slash}outside`))
const deep = dots.map((dot) => `${dot}/${dot}/${dot}/outside`)

const absolute = [
  '/etc/passwd',
  '/tmp/outside',
  '//outside',
  '///etc/passwd',
  '%2fetc%2fpasswd',
  'file:///etc/passwd',
  '/proc/self/environ',
  '/dev/null',
  'C:\\outside',
  'C:outside',
  'c:/outside',
  '\\\\host\\share',
  '\\\\?\\C:\\outside',
  '//?/C:/outside',
  'COM1',
  'CON',
  'aux.',
  'NUL.txt',
  'file::$DATA',
]

const ends = [
  '..',
  '.',
  '/',
  '\\',
  '//',
  '../',
  '/..',
  './',
  '/.',
  '../..',
  '.. ',
  ' ..',
  '.../',
  '..\t',
  '../outside ',
  '../outside.',
  '../outside/',
  '../outside/.',
  'a/..',
  'a//../..//outside',
  'a/../../outside',
  'a/./../../outside',
  'a\\..\\..\\outside',
  './../outside',
  '....//outside',
  '..../outside',
  '/%2e%2e',
  '.millrace',
  'lock',
  '-rf',
  '~/outside',
  '~root',
  '$HOME/outside',
  '$(id)',
  '`id`',
  '%HOME%',
  '*',
  '?',
  ' ',
  '',
]

const controls = [
  '../outside\0',
  '../outside\0.json',
  'a\0/../outside',
  '\0',
  '%00',
  '..%00/outside',
  '..\n/outside',
  'a\n../outside',
  'a\r\nx-evil: b',
  '\u001b[2J',
  '\u202e..',
  '\ufeff..',
  '\ud800', // half of a pair
]

const long = [
  `${'../'.repeat(12)}outside`,
  `${'..\\'.repeat(12)}outside`,
  `${'a/'.repeat(12)}${'../'.repeat(14)}outside`,
  '.'.repeat(255),
  '/'.repeat(300),
  'x'.repeat(256),
  `${'x'.repeat(5000)}/../outside`,
  '%2e'.repeat(100),
]

const templates = [
  '!{firehose:random-string}/../../outside',
  "!{timestamp:''..''}/outside",
  "!{timestamp:'/etc/passwd'}",
  "!{timestamp:'../'}outside",
  "!{timestamp:'.'}./outside",
  "!{timestamp:'..'}!{timestamp:'/'}outside",
  '!{partitionKeyFromQuery:../..}/outside',
  '!{!{timestamp:yyyy}}/../outside',
]

const prototypes = [
  '__proto__',
  '__proto__.evil',
  'constructor',
  'constructor.prototype',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '__defineGetter__',
  'isPrototypeOf',
]

export const hostileNames: readonly string[] = [
  ...new Set([...walks, ...deep, ...absolute, ...ends, ...controls, ...long, ...templates, ...prototypes]),
]
