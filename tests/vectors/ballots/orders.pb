META
key;value
num_projects;3
num_votes;3
budget;100
vote_type;ordinal
PROJECTS
project_id;cost;name
a;50;Ada's garden
b;60;Bench
c;70;Cinema
VOTES
voter_id;vote
1;b,a
2;c,b,a
3;b
