import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Page, Progress } from './progress.ts'

test('a lane goes on only when its oldest page is settled', () => {
  const progress = new Progress({ put: '5' })
  const first = progress.begin('put', '7', 2)
  const second = progress.begin('put', '9', 1)
  progress.settle(second)
  assert.deepEqual(progress.advance(), [])
  progress.settle(first)
  assert.deepEqual([progress.advance(), progress.checkpoint], [[], { put: '5' }])
  progress.settle(first)
  assert.deepEqual([progress.advance(), progress.checkpoint], [['put'], { put: '9' }])
})

test('a page of which nothing is left is done at once, behind those before it', () => {
  const progress = new Progress({})
  progress.begin('a', '1', 0)
  progress.begin('b', '1', 1)
  assert.deepEqual(progress.advance(), ['a'])
  assert.deepEqual([progress.checkpoint, progress.read], [{ a: '1' }, { a: '1', b: '1' }])
})

test('in whatever order parts settle, the checkpoint is before the first that is not', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3), { minLength: 1, maxLength: 12 }), fc.infiniteStream(fc.nat()), (sizes, choices) => {
      const progress = new Progress({})
      const parts: Page[] = sizes.flatMap((size, i) => {
        const page = progress.begin('lane', `${i + 1}`, size)
        return Array.from({ length: size }, () => page)
      })
      while (parts.length > 0) {
        progress.settle(parts.splice(choices.next().value % parts.length, 1)[0]!)
        progress.advance()
        const reached = Number(progress.checkpoint.lane ?? 0)
        assert.ok(parts.every(({ next }) => Number(next) > reached))
      }
      progress.advance()
      assert.equal(progress.checkpoint.lane, `${sizes.length}`)
    }),
  )
})

test('a lane that is forgotten is gone when what came before is settled, and may begin anew', () => {
  const progress = new Progress({ a: '1', b: '7' })
  const page = progress.begin('a', '2', 1)
  progress.begin('a', undefined, 0)
  progress.advance()
  assert.deepEqual([progress.checkpoint, progress.read], [{ a: '1', b: '7' }, { b: '7' }])
  progress.settle(page)
  assert.deepEqual(progress.advance(), ['a'])
  assert.deepEqual(progress.checkpoint, { b: '7' })
  progress.begin('a', '9', 0)
  progress.advance()
  assert.deepEqual(progress.checkpoint, { a: '9', b: '7' })
})
