trigger LeadEvents on Lead (after update, after delete, after undelete) {
    RecordEvents events = new RecordEvents('Lead');
    if (Trigger.isDelete) {
        events.addDeleted(Trigger.old);
    } else if (Trigger.isUndelete) {
        events.addRestored(Trigger.new);
    } else {
        events.addConverted(Trigger.new, Trigger.oldMap);
    }
    events.send();
}
