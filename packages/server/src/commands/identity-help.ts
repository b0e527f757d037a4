export const identityHelp = `millrace identity: who may use the server, and what for

Usage: millrace identity COMMAND [options]

  init                        makes the first user, admin, who may do everything
  add-user NAME               adds a user with an access key; the secret is printed this once
      --producer STREAM         may put into the stream
      --consumer STREAM         may read the stream, with leases and metrics as KCL has them
      --application APP         of a consumer: its tables in DynamoDB; default: NAME
      --policy FILE             may do what an IAM policy says (JSON)
      --no-key                  without an access key
  add-role NAME               adds a role, with --producer, --consumer, --application, --policy and
      --trust WHO               who may assume it: a user, role/NAME, an account, an ARN, or a service as
                                lambda.amazonaws.com; more than once for more of them
      --max-session SECONDS     how long its sessions may last, 3600 to 43200; default: 3600
  add-key USER                another access key of a user, e.g. to change keys without a pause
  remove-key KEY-ID           the key is nobody's from then on
  remove-user NAME, remove-role NAME
  attach-policy WHO FILE      a user or a role may do what an IAM policy says too (--name NAME names it)
  attach-policy WHO --producer STREAM | --consumer STREAM [--application APP]
  detach-policy WHO NAME
  list [--json]               who is there, by which keys and policies; never a secret
  check                       would a server take it?
  explain WHO ACTION RESOURCE may a user or a role do that, and which statement says so?
      --context KEY=VALUE       what conditions may ask of the request, e.g. aws:SourceIp=10.0.0.1

  --file FILE                 the file; default: MILLRACE_IDENTITY, else identity.json
  --catalog                   instead of a file the data folder's catalog, sealed; also while a server runs on it
      --data DIR                the data folder; default: MILLRACE_DATA, else .millrace
      --keyring FILE            the keyring; default: MILLRACE_KEYRING, else DIR/keys/keyring.json
  --account, --region         as the server has them; default: MILLRACE_ACCOUNT, MILLRACE_REGION, else the server's

WHO is a name, or user/NAME or role/NAME where both are there. A server takes changes within two seconds.
Exit code: 0, or 1 when the answer is no (explain, check), or 2 when it was not asked rightly. See docs/identity.md.
`
