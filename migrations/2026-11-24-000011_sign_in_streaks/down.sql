DROP TABLE sign_in_streaks;
