//! The conditions of rq3 on one's own task. Those of the paper are rules of its task, soft at several I(X;Y) and hard; data of one's own
//! have a p(y|x) of their own, so one condition, with the name of the data, stands for them all. Controls stay.

use toml::{Table, Value};

/// Replaces the paper's conditions, if they are what `table` still has, by one of the task with this name.
pub fn of_own_task(table: &mut Table, built_in: &Table, name: &str) {
    let conditions = |table: &Table| table.get("condition").and_then(Value::as_array).cloned();
    let Some(papers) = conditions(built_in).filter(|papers| conditions(table).as_ref() == Some(papers)) else { return };
    let own = Value::Table(Table::from_iter([("name".to_owned(), Value::String(name.to_owned()))]));
    let is_control = |condition: &Value| condition.get("task").is_some_and(|task| task.get("label_noise").is_some());
    let controls = papers.into_iter().filter(is_control);
    table.insert("condition".to_owned(), Value::Array(std::iter::once(own).chain(controls).collect()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_papers_rules_give_way_and_controls_and_conditions_of_ones_own_stay() {
        let text = "[[condition]]\nname = \"I(X;Y) = 0.9\"\ntask.i_xy_bits = 0.9\n[[condition]]\nname = \"hard\"\ntask.labels = \"hard\"\n\
                    [[condition]]\nname = \"shuffled\"\ntask.label_noise = 1.0\n";
        let papers: Table = text.parse().unwrap();
        let mut table = papers.clone();
        of_own_task(&mut table, &papers, "digits");
        let names: Vec<&str> = table["condition"]
            .as_array()
            .unwrap()
            .iter()
            .map(|condition| condition["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["digits", "shuffled"]);
        let mut own: Table = "[[condition]]\nname = \"mine\"\n".parse().unwrap();
        of_own_task(&mut own, &papers, "digits");
        assert_eq!(own["condition"].as_array().unwrap().len(), 1);
        assert_eq!(own["condition"][0]["name"].as_str(), Some("mine"));
    }
}
