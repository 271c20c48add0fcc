-- Company 1, in one transaction: what its foreign keys do not take along goes first.
BEGIN;
DELETE FROM note WHERE company_id = 1;
DELETE FROM stock_move WHERE company_id = 1;
DELETE FROM payment WHERE company_id = 1;
DELETE FROM "order" WHERE company_id = 1;
DELETE FROM company WHERE id = 1;
COMMIT;
