CREATE OR REPLACE FUNCTION search_fold(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT trim(regexp_replace(regexp_replace(
        replace(replace(replace(replace(replace(replace(replace(replace(
            translate(
                regexp_replace(lower(normalize($1, NFKD) COLLATE "und-x-icu"), '[\u0300-\u036F]', '', 'g'),
                'абвwгґдеэєзиыіjyклмнопрстуфхъь', 'abvvggdeeeziiiiiklmnoprstufh'),
            'ж', 'zh'), 'ц', 'ts'), 'ч', 'ch'), 'щ', 'shch'), 'ш', 'sh'), 'ю', 'iu'), 'я', 'ia'), 'x', 'ks'),
        '[\u0001-\u002F\u003A-\u0040\u005B-\u0060\u007B-\u00BF\u2000-\u206F\u20A0-\u20CF\u2190-\u2BFF\u3000-\u303F\uFE00-\uFE0F]+', ' ', 'g'),
        '([a-z])\1+', '\1', 'g'))
$$;
