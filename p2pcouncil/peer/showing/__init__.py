"""From the state to views: what a person sees, with strangers' text cleaned on the way."""
