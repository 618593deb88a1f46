"""A run on recorded events in a throw-away Kafka: started, fed, checked, measured, cleaned up."""
