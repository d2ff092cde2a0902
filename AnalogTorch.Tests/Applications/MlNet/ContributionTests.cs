using AnalogTorch.Models.MlNet;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace AnalogTorch.Tests.MlNet;

/// <summary>What features contribute to scores, and the score from which on it is yes.</summary>
public class ContributionTests
{
    /// <summary>
    /// Of a linear network a contribution is weight times value, as ML.NET has it, or times what the value differs from its mean by.
    /// </summary>
    [Theory]
    [InlineData("binary", false)]
    [InlineData("binary", true)]
    [InlineData("regression", false)]
    [InlineData("regression", true)]
    public void OfALinearNetworkItIsWeightTimesValue(string task, bool isScaled)
    {
        var ml = new MLContext(1);
        var rows = Rows.Draw(120);
        var data = ml.Data.LoadFromEnumerable(rows);
        var model = Rows.Trainer(ml, task, options =>
        {
            (options.Training, options.Network, options.ScaleFeatures) = (new DigitalTraining(), new MlpNetwork { HiddenUnits = [] }, isScaled);
        }).Fit(data);
        var weights = model.Model.state_dict().First(entry => entry.Key.EndsWith("weight", StringComparison.Ordinal)).Value.data<float>().ToArray();
        double[] Column(int j) => [.. rows.Select(row => (double)row.Features[j])];
        double Deviation(double[] values) => Math.Sqrt(values.Select(value => Math.Pow(value - values.Average(), 2)).Average());
        var unit = task == "binary" ? 1 : Deviation([.. rows.Select(row => (double)row.Number)]);
        var found = Contributions(ml, model, data, positive: 4, negative: 4, normalize: false);
        for (var j = 0; j < Rows.Features; j++)
        {
            var (mean, scale) = isScaled ? (Column(j).Average(), 3 * Deviation(Column(j))) : (0, 1);
            for (var i = 0; i < rows.Length; i++)
            {
                var value = (rows[i].Features[j] - mean) / scale;
                Assert.Equal(unit * weights[j] * (isScaled ? Math.Clamp(value, -1, 1) : value), found[i][j], 1e-4 * unit);
            }
        }
    }

    /// <summary>Only the largest of either sign are reported, and the largest of all becomes 1 or −1.</summary>
    [Theory]
    [InlineData(2, 1, false, new[] { 0f, -4, 0, 5, 2 })]
    [InlineData(1, 9, false, new[] { 0f, -4, -0.5f, 5, 0 })]
    [InlineData(9, 9, true, new[] { 0.2f, -0.8f, -0.1f, 1, 0.4f })]
    [InlineData(0, 9, true, new[] { 0f, -1, -0.125f, 0, 0 })]
    [InlineData(0, 0, true, new[] { 0f, 0, 0, 0, 0 })]
    public void TheLargestAreKept(int positive, int negative, bool normalize, float[] expected)
    {
        float[] contributions = [1, -4, -0.5f, 5, 2];
        new SavedContributions(positive, negative, normalize).Keep(contributions);
        Assert.Equal(expected, contributions);
    }

    /// <summary>
    /// Noise of the hardware is the same with the feature and without: a feature that the network does not see contributes exactly nothing.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void NoiseContributesNothing(bool isProgrammed)
    {
        var ml = new MLContext(1);
        var rows = Rows.Draw(300);
        foreach (var row in rows)
            row.Features[3] = 1; // its scaled value is 0 in every row
        var data = ml.Data.LoadFromEnumerable(rows);
        var model = Rows.Trainer(ml, "binary").Fit(data);
        if (isProgrammed)
            model = model.Programmed(after: 3600);
        var found = Contributions(ml, model, data, normalize: false);
        Assert.All(found, row => Assert.Equal(0, row[3]));
        Assert.Contains(found, row => row[1] != 0);
        Assert.Equal(found, Contributions(ml, model, data, normalize: false));
    }

    /// <summary>Contributions of a pipeline go with it: into the zip, and onto the chip.</summary>
    [Fact]
    public void TheyAreSavedAndProgrammed()
    {
        using var folder = new TemporaryFolder();
        var ml = new MLContext(1);
        var data = Rows.View(ml, 300);
        var trained = Rows.Trainer(ml, "regression").Fit(data);
        ITransformer With(AnalogNetworkTransformer network) =>
            new TransformerChain<ITransformer>(network, ml.Transforms.CalculateFeatureContribution(network, 3, 3, normalize: false).Fit(data));
        var model = With(trained);
        var chip = model.Programmed(after: 3600, seed: 5);
        string[] Of(ITransformer each)
        {
            var view = each.Transform(data);
            return [.. Rows.Values(view, [view.Schema["FeatureContributions"], view.Schema["Score"]])];
        }
        Assert.NotEqual(Of(model), Of(chip));
        Assert.Equal(Of(chip), Of(With(trained.Programmed(3600, seed: 5))));
        foreach (var each in new[] { model, chip })
        {
            ml.Model.Save(each, data.Schema, folder.At("model.zip"));
            Assert.Equal(Of(each), Of(new MLContext().Model.Load(folder.At("model.zip"), out _)));
        }
        var rows = Rows.Draw(3);
        rows[1].Features[2] = float.NaN;
        var holed = model.Transform(ml.Data.LoadFromEnumerable(rows));
        Assert.Equal("NaN,NaN,NaN,NaN", Rows.Values(holed, [holed.Schema["FeatureContributions"]]).ElementAt(1));
        Assert.DoesNotContain("NaN", Rows.Values(holed, [holed.Schema["FeatureContributions"]]).ElementAt(2), StringComparison.Ordinal);
    }

    /// <summary>Rows whose score is above the threshold are true, before and after the model is saved; scores stay.</summary>
    [Fact]
    public void AThresholdDecides()
    {
        using var folder = new TemporaryFolder();
        var ml = new MLContext(1);
        var data = Rows.View(ml, 300);
        var model = Rows.Trainer(ml, "binary").Fit(data);
        var scores = ml.Data.CreateEnumerable<FlagRow>(model.Transform(data), false).Select(row => row.Score).ToArray();
        var threshold = scores.Order().ElementAt(200);
        ITransformer strict = ml.BinaryClassification.ChangeModelThreshold(model, threshold);
        ml.Model.Save(strict, data.Schema, folder.At("model.zip"));
        foreach (var each in new[] { strict, ml.Model.Load(folder.At("model.zip"), out _), strict.Programmed(0, seed: 1) })
        {
            var rows = ml.Data.CreateEnumerable<FlagRow>(each.Transform(data), false).ToArray();
            Assert.All(rows, row => Assert.Equal(row.Score > threshold, row.PredictedLabel));
            Assert.Contains(rows, row => row.PredictedLabel);
        }
        Assert.Equal(scores, ml.Data.CreateEnumerable<FlagRow>(strict.Transform(data), false).Select(row => row.Score));
        Assert.Equal(99, ml.Data.CreateEnumerable<FlagRow>(strict.Transform(data), false).Count(row => row.PredictedLabel));
    }

    [Fact]
    public void WhatIsRefused()
    {
        var ml = new MLContext(1);
        var data = Rows.View(ml, 60);
        var binary = Rows.Trainer(ml, "binary").Fit(data);
        var regression = Rows.Trainer(ml, "regression").Fit(data);
        static void Says(string message, Action work) =>
            Assert.StartsWith(message, Assert.ThrowsAny<ArgumentException>(work).Message, StringComparison.Ordinal);
        Says(
            "CalculateFeatureContribution reports 0 or more contributions of either sign, but got -1 positive and 10 negative.",
            () => ml.Transforms.CalculateFeatureContribution(binary, -1));
        Says(
            "ChangeModelThreshold needs the network of a binary classification, but got that of a regression.",
            () => ml.BinaryClassification.ChangeModelThreshold(regression, 1));
        Says("ChangeModelThreshold needs a score", () => ml.BinaryClassification.ChangeModelThreshold(binary, float.NaN));
        var estimator = ml.Transforms.CalculateFeatureContribution(binary);
        var other = ml.Transforms.DropColumns("Features").Fit(data).Transform(data);
        Says("Could not find feature column 'Features'", () => estimator.Fit(other));
        Says("Could not find feature column 'Features'", () => estimator.GetOutputSchema(Rows.ShapeOf(null, other.Schema)));
    }

    private static float[][] Contributions(
        MLContext ml, AnalogNetworkTransformer model, IDataView data, int positive = 10, int negative = 10, bool normalize = true)
    {
        var explained = ml.Transforms.CalculateFeatureContribution(model, positive, negative, normalize).Fit(data).Transform(data);
        return [.. ml.Data.CreateEnumerable<ContributionRow>(explained, false).Select(row => row.FeatureContributions)];
    }

    private sealed class ContributionRow
    {
        public float[] FeatureContributions { get; set; } = [];
    }

    private sealed class FlagRow
    {
        public float Score { get; set; }

        public bool PredictedLabel { get; set; }
    }
}
