-- Fill two tables, join and aggregate them.
CREATE TABLE part(id INTEGER PRIMARY KEY, kind INTEGER, price REAL, note TEXT);
CREATE TABLE sale(part INTEGER, amount INTEGER, day INTEGER);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
INSERT INTO part SELECT i, (i * 7919) % 97, (i * 31 % 1000) / 10.0, 'part number ' || i FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
INSERT INTO sale SELECT (i * 104729) % 20000 + 1, i % 13, i % 365 FROM n;
CREATE INDEX sale_part ON sale(part);
SELECT kind, count(*), sum(amount * price) FROM sale JOIN part ON part.id = sale.part GROUP BY kind ORDER BY 3;
