DROP FUNCTION commit_plain_calls(text, text, uuid[], uuid[], date[], numeric[], numeric[], numeric[]);
