DROP TABLE project;
DROP TABLE organisation;
