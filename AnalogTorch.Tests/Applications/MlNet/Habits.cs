using AnalogTorch.Models.MlNet;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;
using Calibrated = Microsoft.ML.Calibrators.CalibratedModelParametersBase<Microsoft.ML.Trainers.LinearBinaryModelParameters, Microsoft.ML.Calibrators.PlattCalibrator>;
using Habit = (string[] Tasks, System.Func<AnalogTorch.Tests.MlNet.Place, string[]> Run);

namespace AnalogTorch.Tests.MlNet;

/// <summary>What users of ML.NET do with a trainer and its model.</summary>
internal static class Habits
{
    private static readonly string[] Every = Place.Tasks, Binary = ["binary"], Multiclass = ["multiclass"], OneScore = ["binary", "regression"];

    /// <summary>A habit: for which tasks there is one, and what it gives, as lines that do not depend on what a model learnt.</summary>
    public static IReadOnlyDictionary<string, Habit> All { get; } = new Dictionary<string, Habit>
    {
        ["transform"] = (Every, place => Describe(place.Scored)),
        ["shape before it is fitted"] = (Every, place => Shape(place.Pipeline.GetOutputSchema(Rows.ShapeOf(null, place.Data.Schema)))),
        ["train-test split"] = (Every, place =>
        {
            var split = place.Ml.Data.TrainTestSplit(place.Data, 0.3);
            return Describe(place.Fit(place.Pipeline, split.TrainSet).Transform(split.TestSet));
        }
        ),
        ["evaluate"] = (Every, place => Finite(Metrics(place, place.Scored))),
        ["evaluate non-calibrated"] = (Binary, place => Finite(place.Ml.BinaryClassification.EvaluateNonCalibrated(place.Scored, "Flag"))),
        ["cross-validate"] = (Every, place => place.Task switch
        {
            "binary" => Folds(place, place.Ml.BinaryClassification.CrossValidate(place.Data, place.Pipeline, 3, "Flag")),
            "multiclass" => Folds(place, place.Ml.MulticlassClassification.CrossValidate(place.Data, place.Pipeline, 3)),
            _ => Folds(place, place.Ml.Regression.CrossValidate(place.Data, place.Pipeline, 3, "Number")),
        }),
        ["cross-validate non-calibrated"] =
            (Binary, place => Folds(place, place.Ml.BinaryClassification.CrossValidateNonCalibrated(place.Data, place.Pipeline, 3, "Flag"))),
        ["importance by the model"] = (Every, place => place.Importance(place.Model)),
        ["importance on some rows"] = (Every, place => place.Importance(place.Model, rows: 7)),
        ["importance by the model, loaded"] = (Every, place => place.Importance(place.Reloaded(place.Model))),
        ["importance by the model, loaded twice"] = (Every, place => place.Importance(place.Reloaded(place.Model, times: 2))),
        ["importance by the last transformer"] = (Every, place => Importance(place, place.Last)),
        ["importance by the last transformer, loaded"] = (Every, place => Importance(place, Loaded(place).LastTransformer)),
        ["last transformer"] = (Every, place => Predictor(((TransformerChain<ITransformer>)place.Model).LastTransformer)),
        ["last transformer, loaded"] = (Every, place => Predictor(Loaded(place).LastTransformer)),
        ["predictors of a chain"] = (Every, place => Predictors((TransformerChain<ITransformer>)place.Model)),
        ["predictors of a chain, loaded"] = (Every, place => Predictors(Loaded(place))),
        ["trainer of any predictor"] = (Every, place =>
        {
            var trainer = (ITrainerEstimator<ISingleFeaturePredictionTransformer<object>, object>)place.Trainer();
            return [$"{trainer.Info.NeedNormalization}"];
        }
        ),
        ["Platt"] = (OneScore, place => OnScores(place, place.Ml.BinaryClassification.Calibrators.Platt("Flag"))),
        ["isotonic"] = (OneScore, place => OnScores(place, place.Ml.BinaryClassification.Calibrators.Isotonic("Flag"))),
        ["Platt in the pipeline"] = (OneScore, place => Followed(place, place.Ml.BinaryClassification.Calibrators.Platt("Flag"))),
        ["feature contributions"] = (Every, place => OnScores(place, Contributions(place))),
        ["feature contributions in the pipeline"] = (OneScore, place => Followed(place, Contributions(place))),
        ["feature contributions, loaded"] =
            (OneScore, place => Describe(place.Reloaded(place.Fit(place.Pipeline.Append(Contributions(place)))).Transform(place.Data))),
        ["threshold"] = (Binary, place => Describe(Threshold(place).Transform(place.Before.Fit(place.Data).Transform(place.Data)))),
        ["one versus all"] = (Binary, place =>
        {
            var (trainers, binary) = (place.Ml.MulticlassClassification.Trainers, place.Ml.BinaryClassification.Trainers);
            return OnScores(place, place.IsNative
                ? trainers.OneVersusAll(binary.SdcaLogisticRegression(maximumNumberOfIterations: 1))
                : trainers.OneVersusAll(place.Own("Label")));
        }
        ),
        ["pairwise coupling"] = (Binary, place =>
        {
            var (trainers, binary) = (place.Ml.MulticlassClassification.Trainers, place.Ml.BinaryClassification.Trainers);
            return OnScores(place, place.IsNative
                ? trainers.PairwiseCoupling(binary.SdcaLogisticRegression(maximumNumberOfIterations: 1))
                : trainers.PairwiseCoupling(place.Own("Label")));
        }
        ),
        ["cache"] = (Every, place => Describe(place.Fit(place.Before.AppendCacheCheckpoint(place.Ml).Append(place.Trainer())).Transform(place.Data))),
        ["on-fit delegate"] = (Every, place =>
        {
            var seen = new List<string>();
            place.Fit(place.Before.Append(place.Trainer().WithOnFitDelegate(transformer => seen.AddRange(Predictor(transformer)))));
            return [.. seen];
        }
        ),
        ["the best of several"] = (Every, place =>
        {
            IEstimator<ITransformer> normalized = place.Before.Append(place.Ml.Transforms.NormalizeMinMax("Features")).Append(place.Trainer());
            IEstimator<ITransformer>[] choices = [place.Pipeline, normalized];
            var models = choices.Select(each => place.Fit(each)).ToArray();
            return Describe(models.MaxBy(model => Best(Metrics(place, model.Transform(place.Data))))!.Transform(place.Data))[^1..];
        }
        ),
        ["weights"] = (Every, place => Describe(place.Fit(place.Before.Append(place.Trainer(weight: "Weight"))).Transform(place.Data))),
        ["other names"] = (Every, place =>
        {
            var ml = place.Ml;
            var named = place.Before.Append(ml.Transforms.CopyColumns("Truth", place.Label)).Append(ml.Transforms.CopyColumns("Inputs", "Features"))
                .Append(ml.Transforms.DropColumns("Features"));
            var model = place.Fit(named.Append(place.Trainer("Truth", "Inputs")));
            return [.. Describe(model.Transform(place.Data)), .. Predictor(((IEnumerable<ITransformer>)model).Last())];
        }
        ),
        ["sparse features"] = (Every, place =>
        {
            var ml = place.Ml;
            var model = place.Fit(ml.Transforms.Categorical.OneHotEncoding("Hot", "Word").Append(ml.Transforms.Concatenate("Features", "Hot", "A"))
                .Append(ml.Transforms.Conversion.MapValueToKey("Label", "Kind")).Append(place.Trainer()));
            return [.. Describe(model.Transform(place.Data)), .. place.Importance(model)];
        }
        ),
        ["keys of other values"] = (Multiclass, place =>
        {
            var keys = place.Before.Append(place.Ml.Transforms.Conversion.MapValueToKey("Label", "Code"));
            return Describe(place.Fit(keys.Append(place.Trainer())).Transform(place.Data));
        }
        ),
        ["keys without values"] = (Multiclass, place => Describe(place.Fit(place.Before.Append(place.Trainer("Key"))).Transform(place.Data))),
        ["a class that no row has"] = (Multiclass, place =>
        {
            var keys = place.Before.Fit(place.Data);
            return Describe(place.Fit(place.Trainer(), keys.Transform(place.View(row => row.Kind != "two"))).Transform(keys.Transform(place.Data)));
        }
        ),
        ["rows of one class"] =
            (["binary", "multiclass"], place => Describe(place.Fit(place.Pipeline, place.View(row => row.Flag)).Transform(place.Data))),
        ["values of predicted keys"] = (Multiclass, place => Followed(place, place.Ml.Transforms.Conversion.MapKeyToValue("Word", "PredictedLabel"))),
        ["another trainer after it"] = (Every, place => Followed(place, place.Ml.Transforms.Concatenate("Second", "Score", "A")
            .Append(place.Ml.Regression.Trainers.Sdca("Number", "Second", maximumNumberOfIterations: 1)))),
        ["engine"] = (Every, place => Engine(place, place.Model)),
        ["engine, loaded"] = (Every, place => Engine(place, place.Reloaded(place.Model))),
        ["engines of threads"] = (Every, place =>
        {
            var model = place.Reloaded(place.Model);
            var results = new string[4][];
            Parallel.For(0, results.Length, i => results[i] = Engine(place, model));
            return [.. results.SelectMany(each => each).Distinct()];
        }
        ),
        ["saved and loaded"] = (Every, place =>
        {
            var loaded = place.Reloaded(place.Model, times: 2);
            Assert.Equal(Rows.Scores(place.Model, place.Data), Rows.Scores(loaded, place.Data));
            return Describe(loaded.Transform(place.Data));
        }
        ),
        ["cached, shuffled, taken, filtered"] = (Every, place =>
        {
            var (data, scored) = (place.Ml.Data, place.Scored);
            IDataView[] views = [data.Cache(scored), data.ShuffleRows(scored), data.TakeRows(scored, 5), data.FilterRowsByColumn(scored, "Number", 0, 1e6)];
            return [.. views.Select(view => $"{view.Preview().RowView.Length}")];
        }
        ),
        ["saved as binary data"] = (Every, place =>
        {
            using var stream = new MemoryStream();
            place.Ml.Data.SaveAsBinary(place.Scored, stream);
            return [$"{stream.Length > 1000}"];
        }
        ),
        ["no rows"] = (Every, place => [$"{Rows.Values(place.Model.Transform(place.View(_ => false)), [place.Scored.Schema["Number"]]).Count()}"]),
        ["ONNX"] = (Every, place => [Onnx(place.Scored)]),
    };

    private static string[] Describe(IDataView view) => ConformanceTests.Describe(view.Schema);

    private static string[] Shape(SchemaShape shape) => ConformanceTests.Describe(shape);

    private static TransformerChain<ITransformer> Loaded(Place place) => (TransformerChain<ITransformer>)place.Reloaded(place.Model);

    /// <summary>What a pipeline gives that goes on after the trainer.</summary>
    private static string[] Followed(Place place, IEstimator<ITransformer> next) =>
        Describe(place.Fit(place.Pipeline.Append(next)).Transform(place.Data));

    /// <summary>What an estimator gives that is fitted to what the model gave.</summary>
    private static string[] OnScores(Place place, IEstimator<ITransformer> estimator) =>
        Describe(estimator.Fit(place.Scored).Transform(place.Scored));

    private static string[] Predictor(ITransformer transformer)
    {
        var predictor = Assert.IsAssignableFrom<ISingleFeaturePredictionTransformer<object>>(transformer);
        return [$"{predictor.FeatureColumnName} {predictor.FeatureColumnType}"];
    }

    private static string[] Predictors(TransformerChain<ITransformer> chain) =>
        [.. chain.OfType<ISingleFeaturePredictionTransformer<object>>().SelectMany(Predictor)];

    private static string[] Importance(Place place, ITransformer last) => [(place.Task, last as ISingleFeaturePredictionTransformer<object>) switch
    {
        ("binary", var predictor) => $"{place.Ml.BinaryClassification.PermutationFeatureImportance(predictor, place.Scored, "Flag").Length}",
        ("multiclass", var predictor) => $"{place.Ml.MulticlassClassification.PermutationFeatureImportance(predictor, place.Scored).Length}",
        (_, var predictor) => $"{place.Ml.Regression.PermutationFeatureImportance(predictor, place.Scored, "Number").Length}",
    }];

    private static object Metrics(Place place, IDataView scored) => place.Task switch
    {
        "binary" => place.Ml.BinaryClassification.Evaluate(scored, "Flag"),
        "multiclass" => place.Ml.MulticlassClassification.Evaluate(scored),
        _ => place.Ml.Regression.Evaluate(scored, "Number"),
    };

    private static double Best(object metrics) => metrics switch
    {
        BinaryClassificationMetrics binary => binary.Accuracy,
        MulticlassClassificationMetrics multiclass => multiclass.MicroAccuracy,
        _ => ((RegressionMetrics)metrics).RSquared,
    };

    private static string[] Finite(object metrics) =>
        [$"{double.IsFinite(Best(metrics))}", .. metrics.GetType().GetProperties().Select(property => property.Name)];

    private static string[] Folds<T>(Place place, IReadOnlyList<TrainCatalogBase.CrossValidationResult<T>> folds) where T : class =>
        [$"{folds.Count}", .. Describe(folds[0].ScoredHoldOutSet), .. place.Importance(folds[0].Model)];

    private static string[] Engine(Place place, ITransformer model)
    {
        var row = new PlainRow { A = 10, B = 11, C = 12, Kind = "one" };
        if (place.Task == "multiclass")
        {
            using var engine = place.Ml.Model.CreatePredictionEngine<PlainRow, ScoredRow>(model);
            return [$"{engine.Predict(row).Score.Length}", .. ConformanceTests.Describe(engine.OutputSchema)];
        }
        using var single = place.Ml.Model.CreatePredictionEngine<PlainRow, ScoreRow>(model);
        return [$"{float.IsFinite(single.Predict(row).Score)}", .. ConformanceTests.Describe(single.OutputSchema)];
    }

    /// <summary>As a program has it whose variable is of the type of the last transformer.</summary>
    private static IEstimator<ITransformer> Contributions(Place place) => (place.Last, place.Ml.Transforms) switch
    {
        (AnalogNetworkTransformer network, var transforms) => transforms.CalculateFeatureContribution(network),
        (ISingleFeaturePredictionTransformer<LinearModelParameters> linear, var transforms) => transforms.CalculateFeatureContribution(linear),
        (ISingleFeaturePredictionTransformer<Calibrated> linear, var transforms) => transforms.CalculateFeatureContribution(linear),
        var (last, _) => throw new NotSupportedException($"ML.NET has none for {last}."),
    };

    private static ITransformer Threshold(Place place) => (place.Last, place.Ml.BinaryClassification) switch
    {
        (AnalogNetworkTransformer network, var catalog) => catalog.ChangeModelThreshold(network, 0.3f),
        (var last, var catalog) => catalog.ChangeModelThreshold((BinaryPredictionTransformer<Calibrated>)last, 0.3f),
    };

    /// <summary>Asks a data view what ML.NET's converter asks each on its way from the last to the first.</summary>
    private static string Onnx(IDataView view)
    {
        var asked = view.GetType().GetInterface("Microsoft.ML.Model.OnnxConverter.ICanSaveOnnx")?.GetMethod("CanSaveOnnx");
        if (asked is null || view.GetType().GetInterface("Microsoft.ML.Data.IDataTransform") is null)
            return "taken for the source";
        try
        {
            asked.Invoke(view, [null]);
        }
        catch (System.Reflection.TargetInvocationException e) when (e.InnerException is NotSupportedException refusal)
        {
            throw refusal;
        }
        catch (System.Reflection.TargetInvocationException)
        {
            // A trainer of ML.NET looks into the context that there is none of here.
        }
        return "asked";
    }
}

/// <summary>What is read of a row with one score.</summary>
internal sealed class ScoreRow
{
    public float Score { get; set; }
}
