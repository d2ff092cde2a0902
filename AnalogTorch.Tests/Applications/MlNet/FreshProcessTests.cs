using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using AnalogTorch.Models.MlNet;
using Microsoft.ML;

namespace AnalogTorch.Tests.MlNet;

/// <summary>A process of its own that loads a model by ML.NET alone, and prints a hash of its scores.</summary>
internal static class ModelReader
{
    public const string Argument = "--score-model";

    public static int Run(string path)
    {
        var ml = new MLContext();
        var model = ml.Model.Load(path, out _);
        Console.WriteLine(Hash(model, ml));
        Console.WriteLine(Importance(model, ml));
        return 0;
    }

    /// <summary>What permutation finds important, on rows of their own names.</summary>
    public static string Importance(ITransformer model, MLContext ml)
    {
        var scored = model.Transform(Rows.View(ml, 60));
        return string.Join(" ", ml.MulticlassClassification.PermutationFeatureImportance(model, scored).Keys.Order(StringComparer.Ordinal));
    }

    public static string Hash(ITransformer model, MLContext ml) =>
        Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join("\n", Rows.Scores(model, Rows.View(ml, 600))))));
}

public class FreshProcessTests
{
    /// <summary>A program that never named this library loads a pipeline, and gives the same bits.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AFreshProcessGivesTheSameBits(bool programmed)
    {
        using var folder = new TemporaryFolder();
        var ml = new MLContext(1);
        var data = Rows.View(ml, 600);
        ITransformer model = Rows.Keys(ml).Append(ml.Transforms.Concatenate("Features", "Features", "Weight"))
            .Append(Rows.Trainer(ml, "multiclass")).Fit(data);
        if (programmed)
            model = model.Programmed(after: 1000, recalibrateWith: data);
        ml.Model.Save(model, data.Schema, folder.At("model.zip"));
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "AnalogTorch.Tests.Applications.dll"), ModelReader.Argument, folder.At("model.zip")]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var said = process.StandardOutput.ReadToEnd().Trim().Split(Environment.NewLine);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        Assert.Equal([ModelReader.Hash(model, ml), ModelReader.Importance(model, ml)], said);
        Assert.EndsWith("Weight", said[1], StringComparison.Ordinal);
    }
}
