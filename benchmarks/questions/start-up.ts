import type { Question } from '../question.ts'

export const startUp: Question = {
  name: 'start-up',
  peers: ['kinesalite', 'kinesis-local'],
  asks: 'From spawning node until the first call is answered',
  figures: [{ title: 'Start-up', unit: 'ms', better: 'less' }],
  async measure({ readyMs }) {
    return [readyMs]
  },
}
