-- Those that have become one person are looked up by it.
create index persons_by_merged_into on people.persons (merged_into) where merged_into is not null;
