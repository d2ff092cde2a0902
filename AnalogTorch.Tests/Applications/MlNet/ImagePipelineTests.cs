using AnalogTorch.Models.Data;
using AnalogTorch.Models.MlNet;
using AnalogTorch.Models.Networks;
using AnalogTorch.Models.Transfer;
using AnalogTorch.Models.Weights;
using AnalogTorch.Tests.Networks;
using Microsoft.ML;
using Microsoft.ML.Data;
using SkiaSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Tests.MlNet;

/// <summary>Images to features to classes, in one pipeline.</summary>
public class ImagePipelineTests
{
    private const string Architecture = "resnet8_cifar";

    private sealed class Picture
    {
        public string Path { get; set; } = "";

        public string Colour { get; set; } = "";

        public byte[] File { get; set; } = [];

        [VectorType(3 * 32 * 32)]
        public float[] Pixels { get; set; } = [];
    }

    /// <summary>Paths, files in memory and pixels give the features of the network itself; a saved pipeline holds the network.</summary>
    [Fact]
    public void ImagesOfEveryKindGiveTheFeaturesOfTheNetwork()
    {
        using var folder = new TemporaryFolder();
        var pictures = Draw(folder, 40);
        SaveWeights(folder);
        var ml = new MLContext(1);
        var data = ml.Data.LoadFromEnumerable(pictures);
        var byPath = ml.Transforms.BackboneFeatures("Features", "Path", folder.At("weights.safetensors"), Architecture, folder.Path);
        var pipeline = byPath.Append(ml.Transforms.Conversion.MapValueToKey("Label", "Colour")).Append(ml.MulticlassClassification.Trainers.AnalogNetwork(new AnalogNetworkOptions { Seed = 1, Network = new MlpNetwork { HiddenUnits = [] } }));
        var model = pipeline.Fit(data);
        Assert.Equal(1, ml.MulticlassClassification.Evaluate(model.Transform(data)).MicroAccuracy);

        var features = Features(byPath.Fit(data).Transform(data));
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var backbone = PretrainedWeights.LoadBackbone(Architecture, folder.At("weights.safetensors"));
        var direct = backbone.call(cat([.. pictures.Take(16).Select(picture => Preprocessing.Cifar.Apply(ImageFolder.Read(folder.At(picture.Path)).unsqueeze(0)))], 0).contiguous());
        for (var i = 0; i < 16; i++)
            Assert.Equal(direct[i].data<float>().ToArray(), features[i]);
        foreach (var column in new[] { "File", "Pixels" })
            Assert.Equal(features, Features(ml.Transforms.BackboneFeatures("Features", column, folder.At("weights.safetensors"), Architecture).Fit(data).Transform(data)));

        ml.Model.Save(model, data.Schema, folder.At("model.zip"));
        File.Delete(folder.At("weights.safetensors"));
        var loaded = new MLContext().Model.Load(folder.At("model.zip"), out _);
        Assert.Equal(Rows.Scores(model, data), Rows.Scores(loaded, data));
        Assert.Equal(ConformanceTests.Describe(model.Transform(data).Schema), ConformanceTests.Describe(loaded.Transform(data).Schema));
        Assert.InRange(ml.MulticlassClassification.Evaluate(loaded.Programmed(86400).Transform(data)).MicroAccuracy, 0.95, 1);
    }

    [Fact]
    public void WhatIsWrongIsNamed()
    {
        using var folder = new TemporaryFolder();
        var pictures = Draw(folder, 3);
        SaveWeights(folder);
        var ml = new MLContext(1);
        var data = ml.Data.LoadFromEnumerable(pictures);
        BackboneFeaturesEstimator Of(string column) => ml.Transforms.BackboneFeatures("Features", column, folder.At("weights.safetensors"), Architecture, folder.Path);
        foreach (var check in new Action<BackboneFeaturesEstimator>[] { each => each.Fit(data), each => each.GetOutputSchema(Rows.ShapeOf(null, data.Schema)) })
        {
            Assert.StartsWith("Could not find image column 'Nothing'", Assert.Throws<ArgumentOutOfRangeException>(() => check(Of("Nothing"))).Message, StringComparison.Ordinal);
        }
        var labels = Rows.View(ml, 3);
        Assert.StartsWith("Schema mismatch for image column 'Flag': expected String (path of a file), Vector<Byte>", Assert.Throws<ArgumentOutOfRangeException>(() => Of("Flag").Fit(labels)).Message, StringComparison.Ordinal);
        Assert.StartsWith("Schema mismatch for image column 'Flag': expected String (path of a file), Vector<Byte>", Assert.Throws<ArgumentOutOfRangeException>(() => Of("Flag").GetOutputSchema(Rows.ShapeOf(null, labels.Schema))).Message, StringComparison.Ordinal);
        pictures[1].Path = "gone.png";
        Assert.StartsWith($"There is no image '{folder.At("gone.png")}': check the path.", Assert.Throws<FileNotFoundException>(() => Features(Of("Path").Fit(data).Transform(data))).Message, StringComparison.Ordinal);
        pictures[2].File = [1, 2, 3];
        Assert.StartsWith("The image in column 'File' of row 2 must be a", Assert.Throws<InvalidDataException>(() => Features(Of("File").Fit(data).Transform(data))).Message, StringComparison.Ordinal);
        Assert.Contains("needs a network that takes images", Assert.Throws<ArgumentException>(() => ml.Transforms.BackboneFeatures("Features", "Path", folder.At("weights.safetensors"), "char_lstm")).Message, StringComparison.Ordinal);
    }

    /// <summary>The estimator's shape says what the transformer makes.</summary>
    [Fact]
    public void TheShapeSaysWhatTheSchemaWillBe()
    {
        using var folder = new TemporaryFolder();
        SaveWeights(folder);
        var ml = new MLContext(1);
        var data = ml.Data.LoadFromEnumerable(Draw(folder, 2));
        var estimator = ml.Transforms.BackboneFeatures("Features", "Path", folder.At("weights.safetensors"), Architecture);
        var said = estimator.GetOutputSchema(Rows.ShapeOf(null, data.Schema)).Single(column => column.Name == "Features");
        var made = Rows.ShapeOf(null, estimator.Fit(data).Transform(data).Schema).Single(column => column.Name == "Features");
        Assert.Equal((made.Kind, made.ItemType, made.IsKey, made.Annotations.Count), (said.Kind, said.ItemType, said.IsKey, said.Annotations.Count));
    }

    [RealDataFact]
    public void SqueezeNetsFeaturesOfPhotographsAreThoseOfTheTransferExample()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var folder = new TemporaryFolder();
        var data = DataFolder.Open(Repository.DataFolder!);
        using var photographs = WeightFile.Open(Path.Combine(data.Path, "images", "imagenet-4.safetensors"));
        var images = photographs.Read("images_u8_nhwc");
        var pictures = Enumerable.Range(0, (int)images.shape[0]).Select(i =>
        {
            Save(images[i], folder.At($"{i}.png"));
            return new Picture { Path = folder.At($"{i}.png") };
        }).ToArray();
        var ml = new MLContext(1);
        var view = ml.Data.LoadFromEnumerable(pictures);
        var weights = PretrainedWeights.Find(data, "squeezenet1_1");
        var features = Features(ml.Transforms.BackboneFeatures("Features", "Path", weights).Fit(view).Transform(view));
        using var backbone = PretrainedWeights.LoadBackbone("squeezenet1_1", weights);
        var direct = backbone.call(Preprocessing.ImageNet.Apply(images).contiguous());
        for (var i = 0; i < pictures.Length; i++)
            Assert.Equal(direct[i].data<float>().ToArray(), features[i]);
        Assert.Equal(512, features[0].Length);
    }

    private static void SaveWeights(TemporaryFolder folder)
    {
        using var network = Zoo.Create(Architecture, classes: 10, seed: 1);
        network.SaveWeights(folder.At("weights.safetensors"));
    }

    private static float[][] Features(IDataView data) => [.. data.GetColumn<float[]>("Features")];

    private static Picture[] Draw(TemporaryFolder folder, int count) => [.. Enumerable.Range(0, count).Select(i =>
    {
        var red = i % 2 == 0;
        using var bitmap = new SKBitmap(32, 32);
        for (var y = 0; y < 32; y++)
            for (var x = 0; x < 32; x++)
                bitmap.SetPixel(x, y, red ? new SKColor(200, (byte)(i + x), (byte)y) : new SKColor((byte)(i + y), (byte)x, 200));
        using var encoded = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        File.WriteAllBytes(folder.At($"{i}.png"), encoded.ToArray());
        var pixels = new float[3 * 32 * 32];
        for (var y = 0; y < 32; y++)
        {
            for (var x = 0; x < 32; x++)
            {
                var colour = bitmap.GetPixel(x, y);
                (pixels[32 * y + x], pixels[1024 + 32 * y + x], pixels[2048 + 32 * y + x]) = (colour.Red, colour.Green, colour.Blue);
            }
        }
        return new Picture { Path = $"{i}.png", Colour = red ? "red" : "blue", File = encoded.ToArray(), Pixels = pixels };
    })];

    private static void Save(Tensor image, string path)
    {
        var (height, width, pixels) = ((int)image.shape[0], (int)image.shape[1], image.contiguous().data<byte>().ToArray());
        using var bitmap = new SKBitmap(width, height);
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                bitmap.SetPixel(x, y, new SKColor(pixels[3 * (width * y + x)], pixels[3 * (width * y + x) + 1], pixels[3 * (width * y + x) + 2]));
        using var encoded = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        File.WriteAllBytes(path, encoded.ToArray());
    }
}
