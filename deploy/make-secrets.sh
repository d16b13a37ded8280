#!/bin/sh
# Makes every secret docker-compose.yml asks for, each a file of its own. Existing files are left alone: running it twice is safe.
# usage: deploy/make-secrets.sh [folder]      (default: deploy/secrets)
set -eu
umask 077
folder="${1:-$(dirname "$0")/secrets}"
mkdir -p "$folder"

random() { openssl rand -hex 32; }
# The value comes by standard input, so that no secret is in a process list.
keep() { if [ -e "$folder/$1" ]; then cat >/dev/null; else cat >"$folder/$1"; fi; }
value() { tr -d '\n' <"$folder/$1"; }

for name in postgres_password postgres_owner_password postgres_login_password redis_password metrics_token; do
  random | tr -d '\n' | keep "$name"
done
printf 'postgres://lethe_login:%s@postgres:5432/lethe' "$(value postgres_login_password)" | keep database_url
printf 'postgres://lethe_owner:%s@postgres:5432/lethe' "$(value postgres_owner_password)" | keep database_owner_url
printf 'redis://:%s@redis:6379' "$(value redis_password)" | keep redis_url

id="root-$(openssl rand -hex 8)"
printf '{"format":"lethe-root-key/1","current":"%s","keys":[{"id":"%s","key":"%s"}]}\n' "$id" "$id" "$(openssl rand -base64 32)" | keep root_key

# The key that signs the audit log, in the text form of C2SP signed notes: its id is made of its name and its public half.
name="${LETHE_AUDIT_LOG_NAME:-lethe.local/audit}"
if [ ! -e "$folder/audit_key" ]; then
  openssl genpkey -algorithm ed25519 -outform DER -out "$folder/audit_key.der"
  public() { openssl pkey -inform DER -in "$folder/audit_key.der" -pubout -outform DER | tail -c 32; }
  key_id="$({ printf '%s\n\001' "$name"; public; } | openssl dgst -sha256 | sed 's/.*= *//' | cut -c 1-8)"
  { printf 'PRIVATE+KEY+%s+%s+' "$name" "$key_id"; { printf '\001'; tail -c 32 "$folder/audit_key.der"; } | openssl base64 -A; } | keep audit_key
  rm "$folder/audit_key.der"
fi

# Containers run as these users and groups. Without root their owner cannot be set: say what is left to do.
if [ "$(id -u)" = 0 ]; then
  chown 1000:1000 "$folder"/database_url "$folder"/database_owner_url "$folder"/redis_url "$folder"/root_key "$folder"/audit_key "$folder"/metrics_token
  chown 999:999 "$folder"/redis_password "$folder"/postgres_*
else
  echo "run as root, or give the files their owners: see deploy/README.md"
fi
echo "secrets are in $folder; back up root_key apart from the database: without it no provider credential can be opened"
