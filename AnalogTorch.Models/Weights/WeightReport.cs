using System.Text;

namespace AnalogTorch.Models.Weights;

/// <summary>What became of a name.</summary>
public enum WeightOutcome
{
    /// <summary>The file's values are in the model.</summary>
    Loaded,

    /// <summary>The file does not hold it and need not; the model keeps its values.</summary>
    Kept,

    /// <summary>The model has it, the file does not.</summary>
    Missing,

    /// <summary>The file has it, the model does not.</summary>
    Unexpected,

    /// <summary>Both have it, with different shapes.</summary>
    Misshapen,
}

/// <summary>How well a file must fit a model.</summary>
public enum WeightFit
{
    /// <summary>Names and shapes are those of the model.</summary>
    Exact,

    /// <summary>The file has every tensor of the model, and perhaps more, such as the last layer of a network that the model is the rest of.</summary>
    Covering,

    /// <summary>What fits is loaded, whatever that is.</summary>
    WhateverFits,
}

/// <summary>One name of a model or a file.</summary>
/// <param name="Name">The name in the model.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Shape">Its shape in the model, or in the file if the model does not have it.</param>
/// <param name="Note">What is special about it.</param>
public sealed record WeightRow(string Name, WeightOutcome Outcome, string Shape, string Note);

/// <summary>What became of every name when weights were loaded.</summary>
/// <param name="Source">The file's name.</param>
/// <param name="Rows">The names, those of the model first.</param>
public sealed record WeightReport(string Source, IReadOnlyList<WeightRow> Rows)
{
    private const int NamesOfMessage = 3;

    /// <summary>Whether everything was loaded.</summary>
    public bool IsComplete => Rows.All(row => row.Outcome is WeightOutcome.Loaded or WeightOutcome.Kept);

    /// <summary>A table of the names.</summary>
    public override string ToString()
    {
        string[] header = ["name", "shape", "outcome", "note"];
        var lines = Rows.Select(row => new[] { row.Name, row.Shape, row.Outcome.ToString().ToLowerInvariant(), row.Note }).Prepend(header).ToArray();
        var widths = header.Select((_, column) => lines.Max(line => line[column].Length)).ToArray();
        var text = new StringBuilder();
        foreach (var line in lines)
            text.AppendLine(string.Join("  ", line.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        return text.AppendLine($"{Source}: {string.Join(", ", Rows.GroupBy(row => row.Outcome).OrderBy(group => group.Key).Select(group => $"{group.Count()} {group.Key.ToString().ToLowerInvariant()}"))}").ToString();
    }

    internal void ThrowUnless(WeightFit fit, string path)
    {
        var wrong = fit switch
        {
            WeightFit.Exact => new[] { WeightOutcome.Missing, WeightOutcome.Unexpected, WeightOutcome.Misshapen },
            WeightFit.Covering => [WeightOutcome.Missing, WeightOutcome.Misshapen],
            _ => [],
        };
        if (!Rows.Any(row => wrong.Contains(row.Outcome)))
            return;
        var faults = Rows.Where(row => wrong.Contains(row.Outcome)).GroupBy(row => row.Outcome)
            .Select(group => $"{group.Count()} {group.Key.ToString().ToLowerInvariant()} ({string.Join(", ", group.Take(NamesOfMessage).Select(row => $"{FileFault.Quoted(row.Name)} {row.Shape}{(group.Key == WeightOutcome.Misshapen ? $", {row.Note}" : "")}"))}{(group.Count() > NamesOfMessage ? ", …" : "")})");
        throw new InvalidDataException($"{path} does not fit the model: {string.Join("; ", faults)}; build the architecture that the file is for, rename its tensors, or load what fits with WeightFit.WhateverFits.");
    }
}
