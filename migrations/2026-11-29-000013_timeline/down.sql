DROP VIEW client_timeline;
