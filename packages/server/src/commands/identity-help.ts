export const identityHelp = `millrace identity: who may use the server, and what for

Usage: millrace identity COMMAND [options]

  init                        makes the first user, admin, who may do everything
  add-user NAME               adds a user with an access key; the secret is printed this once
      --producer STREAM         may put into the stream
      --consumer STREAM         may read the stream, with leases and metrics as KCL has them
      --application APP         names a consumer's tables in DynamoDB; default: NAME
      --policy FILE             may do what an IAM policy says (JSON)
      --no-key                  without an access key
  add-role NAME               adds a role, with --producer, --consumer, --application, --policy and
      --trust WHO               who may assume it: a user, role/NAME, an account, an ARN, or a service such as
                                lambda.amazonaws.com; may be given more than once
      --max-session SECONDS     how long its sessions may last, 3600 to 43200; default: 3600
  add-key USER                another access key of a user, e.g. to change keys without a pause
  remove-key KEY-ID           takes an access key away, at once
  remove-user NAME, remove-role NAME
  attach-policy WHO FILE      lets a user or a role do what an IAM policy says, too (--name NAME names it)
  attach-policy WHO --producer STREAM | --consumer STREAM [--application APP]
  detach-policy WHO NAME
  list [--json]               users, roles, keys and policies; never a secret
  check                       would a server accept it?
  explain WHO ACTION RESOURCE may a user or a role do that, and which statement says so?
      --context KEY=VALUE       what conditions see of the request, e.g. aws:SourceIp=10.0.0.1

  --file FILE                 the file; default: MILLRACE_IDENTITY, else identity.json
  --catalog                   the data folder's catalog, sealed, instead of a file; also while a server runs on it
      --data DIR                the data folder; default: MILLRACE_DATA, else .millrace
      --keyring FILE            the keyring; default: MILLRACE_KEYRING, else DIR/keys/keyring.json
  --account, --region         those of the server; default: MILLRACE_ACCOUNT, MILLRACE_REGION, else the server's defaults

WHO is a name, or user/NAME or role/NAME where there are both. A server notices changes within two seconds.
Exit code: 0; 1 when the answer is no (explain, check); 2 for a wrong command or option. See docs/identity.md.
`
