export * from './assume-role.ts'
export * from './get-access-key-info.ts'
export * from './get-caller-identity.ts'
export * from './get-session-token.ts'
