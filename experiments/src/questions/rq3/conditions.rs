//! The conditions of rq3 on one's own task. Those of the paper are rules of its task, soft at several I(X;Y) and hard; data of one's own
//! have a p(y|x) of their own, so one condition, with the name of the data, stands for them all. Controls stay.

use toml::{Table, Value};

use crate::tasks::own_name;

/// What a task of one's own implies, unless somebody names conditions: one of the task's name, and the controls.
pub fn of_own_task(settings: &Table) -> Table {
    let dataset = settings.get("task").and_then(|task| task.get("dataset")).and_then(Value::as_str);
    let Some(name) = own_name(dataset.unwrap_or_default()) else { return Table::new() };
    let own = Value::Table(Table::from_iter([("name".to_owned(), Value::String(name))]));
    let is_control = |condition: &&Value| condition.get("task").is_some_and(|task| task.get("label_noise").is_some());
    let there = settings.get("condition").and_then(Value::as_array).into_iter().flatten();
    let conditions = std::iter::once(own).chain(there.filter(is_control).cloned()).collect();
    Table::from_iter([("condition".to_owned(), Value::Array(conditions))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_papers_rules_give_way_to_one_condition_of_the_task_and_controls_stay() {
        let text = "[task]\ndataset = \"digits.npz\"\n[[condition]]\nname = \"I(X;Y) = 0.9\"\ntask.i_xy_bits = 0.9\n\
                    [[condition]]\nname = \"hard\"\ntask.labels = \"hard\"\n\
                    [[condition]]\nname = \"shuffled\"\ntask.label_noise = 1.0\n";
        let implied = of_own_task(&text.parse().unwrap());
        let names: Vec<&str> = implied["condition"]
            .as_array()
            .unwrap()
            .iter()
            .map(|condition| condition["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["digits", "shuffled"]);
        assert!(of_own_task(&text.replace("digits.npz", "").parse().unwrap()).is_empty());
    }
}
