META
key;value
num_projects;3
num_votes;3
budget;100
vote_type;scoring
PROJECTS
project_id;cost;name
a;50;Ada's garden
b;60;Bench
c;70;Cinema
VOTES
voter_id;vote;points
1;b,a;5,2
2;c;4
3;a,b,c;1,3,2
