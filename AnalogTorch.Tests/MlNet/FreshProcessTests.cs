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
        Console.WriteLine(Hash(ml.Model.Load(path, out _), ml));
        return 0;
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
        ITransformer model = Rows.Keys(ml).Append(Rows.Trainer(ml, "multiclass")).Fit(data);
        if (programmed)
            model = model.Programmed(after: 1000, recalibrateWith: data);
        ml.Model.Save(model, data.Schema, folder.At("model.zip"));
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "AnalogTorch.Tests.dll"), ModelReader.Argument, folder.At("model.zip")]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var hash = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        Assert.Equal((0, ModelReader.Hash(model, ml)), (process.ExitCode, hash));
    }
}
