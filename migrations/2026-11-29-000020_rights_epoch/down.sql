DROP TABLE rights_epoch;
