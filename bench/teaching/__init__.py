"""What a teacher shows: two models live beside each other, and each beside its neighbours."""
