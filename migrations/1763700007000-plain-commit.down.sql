DROP FUNCTION refuse_plain_commit();
DROP TYPE call_settlement;
