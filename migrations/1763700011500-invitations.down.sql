DROP TABLE ownership_offer;
DROP TABLE invitation_pace;
DROP TABLE invitation;
