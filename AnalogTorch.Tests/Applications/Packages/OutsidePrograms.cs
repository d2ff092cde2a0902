namespace AnalogTorch.Tests.Packages;

/// <summary>What users outside the repository write. Every one touches torch before any type of AnalogTorch.</summary>
internal static class OutsidePrograms
{
    /// <summary>What every program prints.</summary>
    public const string Greeting = "the sum is 3";

    /// <summary>Prints the greeting (after the loader is installed, if so told), converts a network and prints the files that TorchSharp's native library was loaded from.</summary>
    public const string CSharp = $$"""
        using AnalogTorch.Layers;
        using AnalogTorch.Presets;
        using static TorchSharp.torch;

        if (args is ["install"])
            AnalogTorch.TorchNativeLoader.Install();
        System.Console.WriteLine($"the sum is {ones(3).sum().item<float>()}");
        using var model = nn.Sequential(("fc", nn.Linear(4, 2)));
        System.Console.WriteLine(model.ToAnalog(PcmPresets.MspLsp, seed: 1));
        if (System.OperatingSystem.IsLinux())
        {
            foreach (var line in System.IO.File.ReadLines("/proc/self/maps"))
            {
                if (line.Contains("LibTorchSharp") && line.Contains("r-xp"))
                    System.Console.WriteLine("loaded: " + line.Substring(line.IndexOf('/')));
            }
        }
        """;

    /// <summary>Begins as the documentation's F# does, and leaves out what C# leaves out.</summary>
    public const string FSharp = """
        open AnalogTorch.Layers
        open AnalogTorch.Optim
        open AnalogTorch.Presets
        open TorchSharp
        open type TorchSharp.torch

        let layers: struct (string * nn.Module<Tensor, Tensor>) seq = [ struct ("fc1", nn.Linear(16L, 8L)); struct ("act1", nn.Tanh()); struct ("fc2", nn.Linear(8L, 4L)) ]
        let model = nn.Sequential(layers)
        let report = model.ToAnalog(PcmPresets.MspLsp, 42L)
        printfn $"{report}"
        let optimizer = new AnalogSGD(model.parameters(), 0.01)
        for step in 1 .. 10 do
            use scope = NewDisposeScope()
            optimizer.zero_grad()
            nn.functional.cross_entropy(model.call(rand(1L, 16L)), zeros(1L, ScalarType.Int64)).backward()
            optimizer.step() |> ignore

        open AnalogTorch.Core
        open AnalogTorch.Energy
        open AnalogTorch.Inference
        let network = nn.Linear(4L, 2L)
        let chip = network.Program(PcmPresets.Inference)
        chip.DriftTo(Units.Day) |> ignore
        chip.Dispose()
        printfn "%g J" (network.EstimateCost(Duration90nm(), rand(1L, 4L), PcmPresets.Inference)).JoulesPerInference
        printfn "the sum is %g" (torch.ones(3L).sum().item<float32>())
        """;

    /// <summary>A pipeline whose network is on a chip, saved and loaded.</summary>
    public const string MlNet = """
        using System;
        using System.Linq;
        using AnalogTorch.Core;
        using AnalogTorch.Models.MlNet;
        using Microsoft.ML;

        var ml = new MLContext(seed: 1);
        var rows = ml.Data.LoadFromEnumerable(Enumerable.Range(0, 120).Select(i => new Flower { Length = i % 2 == 0 ? 1.2f + 0.01f * i : 4 + 0.01f * i, Width = i % 2 == 0 ? 0.2f : 1.3f, Species = i % 2 == 0 ? "setosa" : "versicolor" }));
        var pipeline = ml.Transforms.Concatenate("Features", "Length", "Width").Append(ml.Transforms.Conversion.MapValueToKey("Label", "Species")).Append(ml.MulticlassClassification.Trainers.AnalogNetwork());
        ITransformer model = pipeline.Fit(rows);
        ml.Model.Save(model.Programmed(after: 1 * Units.Day), rows.Schema, "flowers.zip");
        var accuracy = ml.MulticlassClassification.Evaluate(ml.Model.Load("flowers.zip", out _).Transform(rows)).MicroAccuracy;
        Console.WriteLine($"accuracy {accuracy}");
        Console.WriteLine($"the sum is {TorchSharp.torch.ones(3).sum().item<float>()}");
        return accuracy > 0.9 ? 0 : 1;

        internal sealed class Flower
        {
            public float Length { get; set; }

            public float Width { get; set; }

            public string Species { get; set; } = "";
        }
        """;

    public const string VisualBasic = """
        Module Program
            Sub Main()
                System.Console.WriteLine("the sum is " & TorchSharp.torch.ones(3).sum().item(Of Single)())
            End Sub
        End Module
        """;

    public const string Suite = """
        public class Suite
        {
            [Xunit.Fact]
            public void TorchLoads() => Xunit.Assert.Equal(3f, TorchSharp.torch.ones(3).sum().item<float>());
        }
        """;

    public static string Project(string references, string properties = "<OutputType>Exe</OutputType>", string more = "") =>
        $"""
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>{properties}</PropertyGroup>
          <ItemGroup>{references}</ItemGroup>
          {more}
        </Project>
        """;

    public static string SuiteProject { get; } =
        Project(OutsideFolder.ByProject + OutsideFolder.Packages("xunit", "xunit.runner.visualstudio", "Microsoft.NET.Test.Sdk"), properties: "");
}
