import { KinesisClient, ListStreamsCommand } from '@aws-sdk/client-kinesis'

/* A user's program: all that it knows of the server stands in its environment. */
const client = new KinesisClient({ maxAttempts: 1 })
console.log(JSON.stringify((await client.send(new ListStreamsCommand({}))).StreamNames))
client.destroy()
