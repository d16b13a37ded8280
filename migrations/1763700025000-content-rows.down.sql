DROP TYPE content_row;
