/** What an AWS client of these tests is made with. A server without an identity file takes any keys. */
export const connectionTo = ({ url }: { readonly url: string }) => ({
  endpoint: url,
  region: 'us-east-1',
  credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
})
