-- How the first rows of a dataset were chosen, and what that came to: JSON objects.
ALTER TABLE dataset ADD COLUMN sampling_recipe TEXT COLLATE "C";
ALTER TABLE dataset ADD COLUMN sampling_outcome TEXT COLLATE "C";

-- What a job is to do, so that it can start again, and what it came to: JSON objects.
ALTER TABLE job ADD COLUMN recipe TEXT COLLATE "C";
ALTER TABLE job ADD COLUMN outcome TEXT COLLATE "C";
CREATE INDEX job_subject ON job (subject_id, sequence);
