trigger ContactEvents on Contact (after delete, after undelete) {
    RecordEvents events = new RecordEvents('Contact');
    if (Trigger.isDelete) {
        events.addDeleted(Trigger.old);
    } else {
        events.addRestored(Trigger.new);
    }
    events.send();
}
