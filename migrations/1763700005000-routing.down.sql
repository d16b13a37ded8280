DROP TABLE route_target;
DROP TABLE route;
