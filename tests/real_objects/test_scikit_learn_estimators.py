"""scikit-learn: fitted estimators, alone and inside of one another.

Fitting costs more than pickling, so each estimator is fitted once and both picklers get the same
one, ours first.
"""

import functools

import pytest
from comparisons import compare

pytest.importorskip("sklearn")
np = pytest.importorskip("numpy")

from sklearn import (  # noqa: E402
    cluster,
    compose,
    decomposition,
    ensemble,
    feature_extraction,
    linear_model,
    model_selection,
    naive_bayes,
    neighbors,
    neural_network,
    pipeline,
    preprocessing,
    svm,
    tree,
)

SENTENCES = ["the first text", "another text", "the last one", "one more text"] * 5


def data():
    random = np.random.RandomState(0)
    x = random.rand(40, 3)
    return x, (x[:, 0] > x[:, 1]).astype(int)


def named_data():
    x, y = data()
    return x, np.where(y, "yes", "no")


def scaled(estimator):
    return pipeline.Pipeline([("scale", preprocessing.StandardScaler()), ("estimate", estimator)])


def columns():
    return compose.ColumnTransformer(
        [("scale", preprocessing.MinMaxScaler(), [0, 1]), ("bin", preprocessing.KBinsDiscretizer(3), [2])],
        remainder="passthrough",
    )


FITTED_ON_DATA = {
    "forest": lambda: ensemble.RandomForestClassifier(3, max_depth=3, random_state=0),
    "regression forest": lambda: ensemble.RandomForestRegressor(3, max_depth=3, random_state=0),
    "extra trees": lambda: ensemble.ExtraTreesClassifier(2, max_depth=3, oob_score=True, bootstrap=True),
    "gradient boosting": lambda: ensemble.GradientBoostingClassifier(n_estimators=3, random_state=0),
    "histogram boosting": lambda: ensemble.HistGradientBoostingClassifier(max_iter=2, min_samples_leaf=5),
    "boosted stumps": lambda: ensemble.AdaBoostClassifier(n_estimators=2, random_state=0),
    "isolation forest": lambda: ensemble.IsolationForest(n_estimators=2, max_samples=10, random_state=0),
    "tree": lambda: tree.DecisionTreeClassifier(max_depth=4, random_state=np.random.RandomState(3)),
    "logistic regression": lambda: linear_model.LogisticRegression(),
    "stochastic descent": lambda: linear_model.SGDClassifier(random_state=0, max_iter=20),
    "support vectors": lambda: svm.SVC(probability=False),
    "neighbours": lambda: neighbors.KNeighborsClassifier(2, algorithm="kd_tree"),
    "bayes": lambda: naive_bayes.GaussianNB(),
    "network": lambda: neural_network.MLPClassifier((4,), max_iter=2, random_state=0),
    "means": lambda: cluster.KMeans(2, n_init=1, random_state=0),
    "components": lambda: decomposition.PCA(2),
    "columns": columns,
    "pipeline": lambda: scaled(linear_model.LogisticRegression()),
    "pipeline in a pipeline": lambda: scaled(scaled(ensemble.RandomForestClassifier(2, max_depth=2))),
    "pipeline with columns": lambda: pipeline.make_pipeline(columns(), svm.LinearSVC()),
    "union": lambda: pipeline.make_union(decomposition.PCA(1), preprocessing.StandardScaler()),
    "vote": lambda: ensemble.VotingClassifier([("a", tree.DecisionTreeClassifier()), ("b", svm.SVC())]),
    "grid search": lambda: model_selection.GridSearchCV(
        scaled(linear_model.LogisticRegression()), {"estimate__C": [0.1, 1.0]}, cv=2
    ),
    "function": lambda: preprocessing.FunctionTransformer(np.log1p),
    "local function": lambda: preprocessing.FunctionTransformer(lambda x: x),
}

FITTED_ON_NAMES = {
    "forest of names": lambda: ensemble.RandomForestClassifier(2, max_depth=3, random_state=0),
    "grid search of names": lambda: model_selection.GridSearchCV(
        tree.DecisionTreeClassifier(), {"max_depth": [1, 2]}, cv=2
    ),
}

NOT_FITTED = {
    "not fitted": lambda: scaled(ensemble.RandomForestClassifier()),
    "folds": lambda: [model_selection.KFold(3), model_selection.StratifiedKFold(2, shuffle=True)],
    "words": lambda: feature_extraction.text.TfidfVectorizer().fit(SENTENCES),
    "word counts": lambda: feature_extraction.text.CountVectorizer(ngram_range=(1, 2)).fit_transform(
        SENTENCES
    ),
    "dictionaries": lambda: feature_extraction.DictVectorizer().fit([{"a": 1, "b": "x"}]),
    "labels": lambda: preprocessing.LabelEncoder().fit(["b", "a", "c"]),
    "one hot": lambda: preprocessing.OneHotEncoder().fit([["a", 1], ["b", 2]]),
}

NAMES = [*FITTED_ON_DATA, *FITTED_ON_NAMES, *NOT_FITTED]


@functools.cache
def estimator(name):
    if name in FITTED_ON_DATA:
        return FITTED_ON_DATA[name]().fit(*data())
    if name in FITTED_ON_NAMES:
        return FITTED_ON_NAMES[name]().fit(*named_data())
    return NOT_FITTED[name]()


# Attributes that the libraries make when they are asked for: types of arrays, fill values, warnings.
NOT_READ_BACK = {"neighbours", "vote", "grid search", "grid search of names"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_scikit_learn(name, face, protocol):
    compare(face, lambda: estimator(name), protocol, name not in NOT_READ_BACK)
