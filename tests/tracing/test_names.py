"""The names of a record's lines: the textbook's, the user's, the modules'."""

import re

import backlit as torch
from backlit import nn

X = torch.tensor([[0.0, 1.0], [1.0, 0.5], [0.25, -1.0]])
Y = torch.tensor([[0.0], [1.0], [0.5]])


def trained(model, optimizer, criterion, x=X, y=Y):
    def step(features, targets):
        optimizer.zero_grad()
        prediction = model(features)
        error = criterion(prediction, targets)
        error.backward()
        optimizer.step()

    return torch.trace(step, x, y)


def names_of(graph):
    return [line.name for line in graph if line.kind not in ("write", "same")]


def test_a_plain_network_has_the_textbooks_names_and_its_data_the_users():
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Dropout(0.5), nn.Linear(3, 1))
    graph = trained(model, torch.optim.SGD(model.parameters(), lr=0.1), nn.MSELoss())
    names = set(names_of(graph))
    assert {"features", "targets", "error", "lr"} <= names
    assert {"W1", "b1", "z1", "a1", "mask", "a1_dropout", "W2", "b2", "z2"} <= names
    assert {"d_z2", "d_a1_dropout", "d_a1", "d_z1", "d_W1", "d_b1", "d_W2", "d_b2"} <= names
    assert set(graph.outputs) >= {"W1", "b1", "W2", "b2", "d_W1", "d_b2", "error", "prediction"}


def test_a_layers_value_keeps_the_users_name_beside_the_textbooks():
    model = nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
    graph = trained(model, torch.optim.SGD(model.parameters(), lr=0.1), nn.BCELoss())
    assert graph["a1"].path == "prediction"
    assert graph["prediction"] is graph["a1"]
    assert graph["0.weight"].path == "0.weight"


def test_an_optimizers_memory_is_named_as_in_its_rule():
    for optimizer, expected in (
        (torch.optim.Adam, {"m_W1", "v_W1", "m_b1", "v_b1", "beta1", "beta2", "eps"}),
        (lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), {"velocity_W1", "velocity_b1", "momentum"}),
        (torch.optim.RMSprop, {"square_avg_W1", "alpha"}),
    ):
        model = nn.Sequential(nn.Linear(2, 1))
        assert expected <= set(names_of(trained(model, optimizer(model.parameters()), nn.MSELoss())))


def test_other_networks_have_the_names_of_their_modules():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(2, 3), nn.Linear(3, 1)])
            self.norm = nn.LayerNorm(3)

        def forward(self, x):
            return self.layers[1](torch.relu(self.norm(self.layers[0](x))))

    model = Net()
    names = set(names_of(trained(model, torch.optim.SGD(model.parameters(), lr=0.1), nn.MSELoss())))
    assert {"layers_0_weight", "norm_bias", "layers_0", "norm", "norm_x_hat", "relu_1", "prediction"} <= names
    assert {"d_layers_0_weight", "d_norm", "d_layers_0", "d_prediction"} <= names


def test_two_models_are_told_apart():
    maker = nn.Sequential(nn.Linear(2, 2), nn.Tanh())
    judge = nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())

    def step(x):
        loss = judge(maker(x)).mean() - judge(x).mean()
        loss.backward()

    names = set(names_of(torch.trace(step, X)))
    assert {"maker_0_weight", "judge_0_weight", "maker_0", "maker_1", "judge_0", "d_judge_0", "d_maker_1"} <= names


def test_every_name_is_given_once_says_something_and_can_stand_in_a_program():
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.GELU(), nn.Linear(3, 1))
    graph = trained(model, torch.optim.AdamW(model.parameters(), lr=0.1), nn.HuberLoss())
    names = names_of(graph)
    assert len(names) == len(set(names))
    assert all(name.isidentifier() for name in names)
    assert not [name for name in names if re.search(r"(^|_)t\d+", name)]


def test_the_users_names_do_not_hide_what_a_program_needs():
    def step(np, sum, len):
        loss = (np * sum + len).mean()
        loss.backward()
        return loss

    w = torch.tensor([1.0, 2.0], requires_grad=True)
    graph = torch.trace(step, w, torch.tensor([3.0, 4.0]), torch.tensor([5.0, 6.0]))
    assert not {"np", "sum", "len"} & set(names_of(graph))
    assert graph.run(verbatim=False)["loss"] == graph.loss.value


def test_leaves_in_a_list_a_dictionary_or_an_object_are_named_after_it():
    class Net:
        def __init__(self):
            self.w = torch.ones(2, 2, requires_grad=True)

    net, layers = Net(), [torch.ones(2, 2, requires_grad=True) for _ in range(2)]
    table = {"out": torch.ones(2, 1, requires_grad=True)}

    def step(x):
        x = x @ net.w
        for w in layers:
            x = torch.tanh(x @ w)
        (x @ table["out"]).sum().backward()

    graph = torch.trace(step, X)
    paths = {line.name: line.path for line in graph.inputs if line.path}
    leaves = {"net_w": "net.w", "layers_0": "layers[0]", "layers_1": "layers[1]", "table_out": "table['out']"}
    assert paths.items() >= leaves.items()


def test_a_loops_variable_takes_no_name_away():
    w, b = torch.ones(2, 1, requires_grad=True), torch.zeros(1, requires_grad=True)
    parameters = [w, b]

    def step(x):
        (x @ w + b).sum().backward()
        with torch.no_grad():
            for p in parameters:
                p -= 0.1 * p.grad

    assert {"w", "b", "d_w", "d_b"} <= torch.trace(step, X).outputs.keys()
