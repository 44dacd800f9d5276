DROP TABLE account_team_members;
