UPDATE role_policies SET grants = grants - 'competitors:read' - 'competitors:create' - 'competitors:update'
    - 'competitor_offers:read' - 'competitor_offers:create' - 'competitor_offers:update';
DROP TABLE competitor_offers;
DROP TABLE competitors;
