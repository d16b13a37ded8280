DROP FUNCTION refuse_plain_commit();
