-- Cases are searched as customers are: by a key in lower case without accents, the same on both
-- engines. store::search_key writes it; here the letters of Spanish stand in for it.
ALTER TABLE case_file ADD COLUMN search_key TEXT NOT NULL DEFAULT '';
UPDATE case_file SET search_key =
    REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(
    REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(
    LOWER(subject || ' ' || topic),
    'Á', 'a'), 'É', 'e'), 'Í', 'i'), 'Ó', 'o'), 'Ú', 'u'), 'Ü', 'u'), 'Ñ', 'n'),
    'á', 'a'), 'é', 'e'), 'í', 'i'), 'ó', 'o'), 'ú', 'u'), 'ü', 'u'), 'ñ', 'n');
