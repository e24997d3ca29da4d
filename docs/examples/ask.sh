#!/bin/sh
# An item, what is like it, and what a visitor may like who likes two items: sh ask.sh [URL] [SITE]
set -eu
api="${1:-http://127.0.0.1:8000}/v1/${2:-sketchfab}"

item_id=$(curl -sSf "$api/popular?k=1" | sed 's/.*"item_id":"\([^"]*\)".*/\1/')
echo "most liked: $item_id"

curl -sSf -o /dev/null -w 'similar: %{http_code} %{content_type}\n' \
  "$api/items/$item_id/similar?k=3"

curl -sSf -o /dev/null -w 'for a visitor: %{http_code}\n' --json \
  "{\"items\": [{\"item_id\": \"$item_id\"}], \"k\": 3}" "$api/recommendations"

etag=$(curl -sSf -o /dev/null -w '%header{etag}' "$api/popular?k=1")
curl -sSf -o /dev/null -w 'not changed: %{http_code}\n' -H "If-None-Match: $etag" "$api/popular?k=1"

curl -sS -w '\n' "$api/popular?k=0"
