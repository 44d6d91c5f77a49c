META
key;value
description;A village spends what is left; made up for this test
country;Nowhere
num_projects;4
num_votes;6
budget;1000.30
vote_type;approval
rule;greedy
PROJECTS
project_id;cost;name;votes
bikes;300;Bicycle stand;3
ramp;400.10;"Ramp; town hall";3
lamps;500;Lamps;3
oven;600;Oven;1
VOTES
voter_id;age;vote
1;34;bikes,lamps
2;71;ramp
3;19;bikes,ramp,lamps
4;55;
5;40;oven,bikes
6;28;ramp,lamps
