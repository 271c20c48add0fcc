-- What all companies share, told apart by its codes. :shift moves the IDs, so that the
-- same ID means something else in a second database.
INSERT INTO core.currency (id, code, name, decimals)
SELECT :shift + row_number() OVER (), v.* FROM (VALUES
    ('EUR', 'Euro', 2), ('USD', 'US dollar', 2), ('GBP', 'Pound sterling', 2), ('CHF', 'Swiss franc', 2),
    ('JPY', 'Yen', 0), ('SEK', 'Swedish krona', 2), ('KWD', 'Kuwaiti dinar', 3), ('PLN', 'Złoty', 2),
    ('CZK', 'Česká koruna', 2), ('INR', 'भारतीय रुपया', 2)) AS v (code, name, decimals);

INSERT INTO core.unit (id, code, name)
SELECT :shift + row_number() OVER (), v.* FROM (VALUES
    ('pc', 'piece'), ('kg', 'kilogram'), ('m', 'metre'), ('m2', 'm²'), ('l', 'litre'),
    ('h', 'hour'), ('box', 'box of "12"'), ('µm', 'micrometre')) AS v (code, name);

INSERT INTO core.country (id, code, name, currency_id)
SELECT :shift + row_number() OVER (), v.code, v.name, c.id FROM (VALUES
    ('DE', 'Deutschland', 'EUR'), ('FR', 'France', 'EUR'), ('GB', 'United Kingdom', 'GBP'),
    ('US', 'United States', 'USD'), ('CH', 'Schweiz', 'CHF'), ('JP', '日本', 'JPY'),
    ('SE', 'Sverige', 'SEK'), ('KW', 'الكويت', 'KWD'), ('PL', 'Polska', 'PLN'),
    ('CZ', 'Česko', 'CZK'), ('IN', 'भारत', 'INR'), ('CI', 'Côte d''Ivoire', 'EUR')) AS v (code, name, currency)
JOIN core.currency AS c ON c.code = v.currency;

INSERT INTO core.industry (id, parent_id, code, name)
SELECT :shift + v.id, :shift + v.parent_id, v.code, v.name FROM (VALUES
    (1, NULL, 'MAN', 'Manufacturing'), (2, 1, 'MAN-MET', 'Metal goods'), (3, 1, 'MAN-WOOD', 'Furniture'),
    (4, NULL, 'TRD', 'Trade'), (5, 4, 'TRD-FOOD', 'Food & drink'), (6, NULL, 'SRV', 'Services')
    ) AS v (id, parent_id, code, name);

INSERT INTO accounting.tax_rate (id, company_id, code, percent)
SELECT :shift + row_number() OVER (), NULL, v.* FROM (VALUES
    ('STD19', 19), ('RED7', 7), ('ZERO', 0), ('STD20', 20), ('STD8.1', 8.1)) AS v (code, percent);
