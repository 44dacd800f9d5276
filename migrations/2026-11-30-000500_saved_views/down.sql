UPDATE role_policies SET grants = grants - '{saved_views:create,saved_views:delete,saved_views:read,saved_views:update}'::text[];
DROP TABLE saved_views;
