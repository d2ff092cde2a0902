using AnalogTorch.Models.MlNet;
using Microsoft.ML;
using Microsoft.ML.Data;
using static TorchSharp.torch.nn;

namespace AnalogTorch.Tests.MlNet;

/// <summary>Messages name column, type, rule and remedy, in ML.NET's words.</summary>
public class MessageTests
{
    [Theory]
    [InlineData("multiclass", "Number", "Features", "Schema mismatch for label column 'Number': expected Key<UInt32>, got Single; map the classes to keys")]
    [InlineData("binary", "Number", "Features", "Schema mismatch for label column 'Number': expected Boolean, got Single")]
    [InlineData("regression", "Kind", "Features", "Schema mismatch for label column 'Kind': expected Single, got String")]
    [InlineData("multiclass", "Nothing", "Features", "Could not find label column 'Nothing': the columns are Features, Kind, Flag, Number, Weight, Index, Label")]
    [InlineData("multiclass", "Label", "Nothing", "Could not find feature column 'Nothing'")]
    [InlineData("multiclass", "Label", "Number", "Schema mismatch for feature column 'Number': expected Vector<Single> of known size, got Single; gather numbers")]
    public void WrongColumns(string task, string label, string features, string message)
    {
        var ml = new MLContext(1);
        var data = Rows.Keys(ml).Fit(Rows.View(ml, 30)).Transform(Rows.View(ml, 30));
        var trainer = Rows.Trainer(ml, task, options => (options.LabelColumnName, options.FeatureColumnName) = (label, features));
        Assert.StartsWith(message, Assert.Throws<ArgumentOutOfRangeException>(() => trainer.Fit(data)).Message, StringComparison.Ordinal);
        // A pipeline finds it before anything is fitted, by ML.NET's own check.
        var early = Assert.Throws<ArgumentOutOfRangeException>(() => trainer.GetOutputSchema(Rows.ShapeOf(null, data.Schema)));
        Assert.StartsWith(message.Split(" of known size")[0].Split(';')[0].Split(": the columns")[0], early.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WrongColumnsWhereItIsScored()
    {
        var ml = new MLContext(1);
        var data = Rows.View(ml, 30);
        var model = Rows.Trainer(ml, "binary").Fit(data);
        var wide = ml.Transforms.Concatenate("Features", "Features", "Number").Fit(data).Transform(data);
        Assert.StartsWith("Schema mismatch for feature column 'Features': expected Vector<Single, 4>, got Vector<Single, 5>", Assert.Throws<ArgumentOutOfRangeException>(() => model.Transform(wide)).Message, StringComparison.Ordinal);
        var none = ml.Transforms.DropColumns("Features").Fit(data).Transform(data);
        Assert.StartsWith("Could not find feature column 'Features'", Assert.Throws<ArgumentOutOfRangeException>(() => model.GetOutputSchema(none.Schema)).Message, StringComparison.Ordinal);
        Assert.StartsWith("Schema mismatch for weight column 'Kind': expected Single, got String", Assert.Throws<ArgumentOutOfRangeException>(() => Rows.Trainer(ml, "binary", options => options.ExampleWeightColumnName = "Kind").Fit(data)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RowsThatNothingCanBeLearntFrom()
    {
        var ml = new MLContext(1);
        var keys = Rows.Keys(ml).Fit(Rows.View(ml, 30));
        string Says(string task, IEnumerable<DrawnRow> rows) => Assert.Throws<InvalidOperationException>(() => Rows.Trainer(ml, task).Fit(keys.Transform(ml.Data.LoadFromEnumerable(rows)))).Message;
        Assert.StartsWith("The training set has no rows: there is nothing in columns 'Features' and 'Label'", Says("multiclass", []), StringComparison.Ordinal);
        Assert.StartsWith("Label column 'Label' of type Key<UInt32, 0-2> must hold two or more classes, but all 10 training rows are of one", Says("multiclass", Rows.Draw(30).Where(row => row.Kind == "two")), StringComparison.Ordinal);
        Assert.StartsWith("Label column 'Flag' of type Boolean must hold both classes, but all 10 training rows are true", Says("binary", Rows.Draw(30).Where(row => row.Flag)), StringComparison.Ordinal);
        Assert.StartsWith("No valid training instances found: of 30 rows 30 have values in column 'Features' (Vector<Single, 4>)", Says("regression", Rows.Draw(30).Select(row => Change(row, each => each.Features[0] = float.NaN))), StringComparison.Ordinal);
        Assert.Contains("30 have no label in column 'Label' (Key<UInt32, 0-2>)", Says("multiclass", Rows.Draw(30).Select(row => Change(row, each => each.Kind = "unheard of"))), StringComparison.Ordinal);
        Assert.Contains("30 have no label in column 'Number'", Says("regression", Rows.Draw(30).Select(row => Change(row, each => each.Number = float.NaN))), StringComparison.Ordinal);
    }

    [Fact]
    public void KeysOfAnotherValidationSet()
    {
        var ml = new MLContext(1);
        var train = Rows.Keys(ml).Fit(Rows.View(ml, 30)).Transform(Rows.View(ml, 30));
        var two = ml.Data.LoadFromEnumerable(Rows.Draw(30).Where(row => row.Kind != "two"));
        var other = Rows.Keys(ml).Fit(two).Transform(two);
        Assert.StartsWith("Schema mismatch for label column 'Label': expected Key<UInt32, 0-2>, got Key<UInt32, 0-1>; map both sets to keys by the same fitted transformer", Assert.Throws<ArgumentOutOfRangeException>(() => Rows.Trainer(ml, "multiclass").Fit(train, other)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OptionsOutOfTheirLimits()
    {
        var ml = new MLContext(1);
        string Says(Action<AnalogNetworkOptions> change) => Assert.ThrowsAny<ArgumentException>(() => Rows.Trainer(ml, "binary", change)).Message;
        Assert.Equal("AnalogNetworkOptions.Epochs must be at least 1, but is 0.", Says(options => options.Epochs = 0));
        Assert.Equal("AnalogNetworkOptions.BatchSize must be at least 1, but is -3.", Says(options => options.BatchSize = -3));
        Assert.Equal("AnalogNetworkOptions.ValidationFraction must be in [0, 1), but is 1.", Says(options => options.ValidationFraction = 1));
        Assert.Equal("AnalogNetworkOptions.FinalLearningRateShare must be in [0, 1], but is 1.5.", Says(options => options.FinalLearningRateShare = 1.5));
        Assert.Equal("AnalogNetworkOptions.Network must make a network, but is null.", Says(options => options.Network = null!));
        Assert.StartsWith("DigitalTraining.LearningRate must be positive, but is 0", Says(options => options.Training = new DigitalTraining { LearningRate = 0 }), StringComparison.Ordinal);
        Assert.StartsWith("MlpNetwork.HiddenUnits must be positive numbers, but is [3, 0].", Says(options => options.Network = new MlpNetwork { HiddenUnits = [3, 0] }), StringComparison.Ordinal);
    }

    [Fact]
    public void NetworksThatDoNotFit()
    {
        var ml = new MLContext(1);
        string Says(NetworkFactory network, NetworkTraining? training = null, string task = "binary") => Assert.Throws<InvalidOperationException>(() => Rows.Trainer(ml, task, options => (options.Network, options.Training) = (network, training ?? options.Training)).Fit(Rows.View(ml, 30))).Message;
        Assert.StartsWith("The network of AnalogNetworkOptions.Network must give float32 [batch, 1] for label column 'Flag', but gives Float32 [1, 2]", Says(NetworkFactory.Of(_ => Linear(4, 2))), StringComparison.Ordinal);
        Assert.StartsWith("The network of AnalogNetworkOptions.Network must take features [batch, 4] of column 'Features', but failed on them: mat1 and mat2", Says(NetworkFactory.Of(_ => Linear(5, 1))), StringComparison.Ordinal);
        Assert.StartsWith("The loss was Infinity in epoch 1: choose a smaller DigitalTraining.LearningRate than 1E+30", Says(new MlpNetwork(), new DigitalTraining { LearningRate = 1e30 }, "regression"), StringComparison.Ordinal);
    }

    private static DrawnRow Change(DrawnRow row, Action<DrawnRow> change)
    {
        change(row);
        return row;
    }
}
