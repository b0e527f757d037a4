import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { ConnectionRoom, networkOf } from './connection-room.ts'

const socketFrom = (remoteAddress: string | undefined) =>
  Object.assign(new EventEmitter(), { remoteAddress }) as unknown as Socket

test('one address cannot take all connections, and what closes makes room', () => {
  const room = new ConnectionRoom({ connectionsMax: 5, connectionsPerAddressMax: 2 })
  const first = socketFrom('10.0.0.1')
  assert.ok(room.admit(first))
  assert.ok(room.admit(socketFrom('::ffff:10.0.0.1')))
  assert.equal(room.admit(socketFrom('10.0.0.1')), false)
  assert.ok(room.admit(socketFrom('10.0.0.2')))
  first.emit('close')
  assert.ok(room.admit(socketFrom('10.0.0.1')))
  for (let i = 0; i < 2; i++) assert.ok(room.admit(socketFrom(undefined)), 'Unix sockets have no address')
  assert.equal(room.admit(socketFrom('10.0.0.3')), false, 'five in all')
})

test('an IPv6 client is its /64: it has 2^64 addresses of its own', () => {
  for (const [address, network] of [
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::6', '2001:db8:1:2'],
    ['2001:db8::6', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['192.0.2.1', '192.0.2.1'],
    [undefined, ''],
  ] as const)
    assert.equal(networkOf(address), network)
})
